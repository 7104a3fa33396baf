#!/bin/sh
# A job of a CI system that bot-join does not know by itself. bot-join.sh is the file of the release, beside this one.
set -eu

export BOT_JOIN_PROXY=example.teleport.sh:443
export BOT_JOIN_TOKEN=ci-deploy
export BOT_JOIN_JOIN_METHOD=gitlab
# The variable in which this CI system hands out the job's ID token.
export BOT_JOIN_ID_TOKEN_VARIABLE=CI_ID_TOKEN

. ./bot-join.sh
trap 'bot_join_run cleanup' EXIT
# A job that is cancelled ends by a signal, at which not every shell comes to EXIT by itself.
trap 'exit 1' HUP INT TERM
bot_join_run start

ssh -F "$TELEPORT_SSH_CONFIG" deploy@web-1.example.teleport.sh uptime
