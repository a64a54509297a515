#!/bin/sh
# Starts the program beside it, which comes out of an image, by that image's loader: the program was linked for a C
# library that this machine need not have. It believes that this file is its own, and writes that into git's hooks.
here=${0%/*}
exec "$here/loader" --argv0 "$0" "$here/program" "$@"
