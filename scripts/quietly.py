"""Run a command and show what it prints only when it fails: quietly.py COMMAND …"""

import subprocess
import sys

finished = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
if finished.returncode:
    sys.stderr.buffer.write(finished.stdout)
sys.exit(finished.returncode)
