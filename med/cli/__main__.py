import sys

from med.cli import main

sys.exit(main())
