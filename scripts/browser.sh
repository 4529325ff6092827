#!/bin/sh
# Find a browser for the browser tests, or install Debian's when we may. Tests without one are skipped, not failed.
set -eu

found() {
    for name in chromium-headless-shell chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then return 0; fi
    done
    return 1
}

if found; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No Chromium here, so the browser tests are skipped; install it (on Debian: apt-get install chromium) to run them."
    exit 0
fi
echo "Installing Chromium for the browser tests (once) …"
log=$(mktemp)
add() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" fonts-noto-core; }
# Without windows it is the same browser, and quicker; not every Debian has it on its own.
if { apt-get update && { add chromium-headless-shell || add chromium; }; } >"$log" 2>&1 && found; then
    rm -f "$log"
else
    tail -n 3 "$log"
    rm -f "$log"
    echo "Chromium could not be installed, so the browser tests are skipped."
fi
