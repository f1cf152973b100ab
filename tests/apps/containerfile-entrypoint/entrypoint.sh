#!/bin/sh
# What many images begin with: make ready, then become the command.
export GREETING="entrypoint of $1"
exec "$@"
