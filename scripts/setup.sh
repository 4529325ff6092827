#!/bin/sh
# Make .venv hold what the lock file says: setup.sh run | test.
# The stamp is a sum of what the set-up depends on, not a time: a fresh checkout has odd times, and an
# unchanged lock must mean no work and no network.
set -eu
cd "$(dirname "$0")/.."

stop() {
    echo "Set-up stopped: $1" >&2
    exit 1
}

sum() {
    { pwd; cat "$1" scripts/setup.sh scripts/link.py; sed -n '/^\[project.scripts\]/,/^$/p' pyproject.toml; } | cksum
}

done_already() {
    [ "$(cat ".venv/.set-up-$1" 2>/dev/null)" = "$2" ]
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    stop "Medspil needs Python 3.11 or newer, and none was found; install it, or name it with PYTHON=/path/to/python3."
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing Python's venv module …"
            { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; } >/dev/null 2>&1 || true
        fi
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            stop "this Python has no venv module; install it (on Debian and Ubuntu: apt-get install python3-venv) and run the command again."
    fi
    rm -rf .venv
    "$python" -m venv .venv || stop "the environment .venv could not be made; the lines above say why."
}

level=${1:-run}
case $level in
    run) lock=requirements.lock ;;
    test) lock=requirements-test.lock ;;
    *) stop "say what to set up: run or test." ;;
esac
[ -f "$lock" ] || stop "the file $lock is missing; get it back from the repository, or make it with: make lock."

wanted=$(sum "$lock")
if done_already "$level" "$wanted"; then exit 0; fi
# The test lock holds everything the other holds.
if [ "$level" = run ] && [ -f requirements-test.lock ] && done_already test "$(sum requirements-test.lock)"; then exit 0; fi

# An environment that was moved or has lost its Python cannot be mended, only made again.
if [ "$(cat .venv/.made-in 2>/dev/null || pwd)" != "$(pwd)" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    make_venv
fi
pwd > .venv/.made-in
rm -f ".venv/.set-up-$level"

echo "Installing the locked dependencies (once, about a minute) …"
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-compile --no-deps \
    --only-binary :all: --require-hashes --requirement "$lock" ||
    stop "the dependencies could not be installed (the lines above say why); check the network and run the command again."
.venv/bin/python scripts/link.py || stop "the command med could not be put in .venv/bin; the lines above say why."
# Without compiled bytecode the first start takes nearly three times as long. Packages may carry files that are
# not meant for this version of Python, so a complaint about one is not ours.
.venv/bin/python -m compileall -q -j 0 .venv/lib/python*/site-packages med >/dev/null 2>&1 || true
echo "$wanted" > ".venv/.set-up-$level"
