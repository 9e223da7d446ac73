#!/bin/sh
# Runs a server for as long as somebody holds the other end of standard input.
# usage: sh watchdog.sh HOME STOP_SIGNAL PROGRAM [ARGUMENT...]
# The first line of output is the process id of the server, the others are what the server says.
home=$1
stop_signal=$2
shift 2

exec 3<&0
# The process prints its own id before it becomes the server, or the server might speak first.
# shellcheck disable=SC2016 # it is the inner shell that expands
sh -c 'echo "$$"; exec "$@"' server "$@" </dev/null 2>&1 3<&- &
server=$!

# Standard input ends when its holder lets go of it or dies in any way, even by kill -9.
# A frozen server must run again to see its signal.
{
    read -r _
    kill -s "$stop_signal" "$server"
    kill -s CONT "$server"
} <&3 >/dev/null 2>&1 &
holder_watch=$!

wait "$server"
kill "$holder_watch" 2>/dev/null
[ -e "$home/keep" ] || rm -rf "$home"
