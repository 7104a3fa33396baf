#!/bin/sh
# The pipe: joins, and leaves identity and environment in the checkout, the one folder that a step shares with its pipes
# and no other step. A pipe cannot set variables of the step, which therefore has to read the file env.
set -eu

@BOT_JOIN_SHELL@

# Prints a variable that may be a list, which arrives as NAME_COUNT, NAME_0, NAME_1 and so on, with commas.
pipe_list() (
  count=
  value=
  eval "count=\${$1_COUNT-} value=\${$1-}"
  case $count in
    '' | *[!0-9]*) ;;
    *)
      value=
      index=0
      while [ "$index" -lt "$count" ]; do
        eval "value=\$value\${value:+,}\${$1_$index-}"
        index=$((index + 1))
      done
      ;;
  esac
  printf '%s' "$value"
)

for pipe_name in PROXY TOKEN ID OUTPUTS CERTIFICATE_TTL EXPECT_CLUSTER EXPECT_BOT CA_FILE INSECURE TIMEOUT RETRIES FIPS \
  ALLOW_REISSUE DEBUG; do
  eval "pipe_value=\${$pipe_name-}"
  [ -z "$pipe_value" ] || export "BOT_JOIN_$pipe_name=$pipe_value"
done
for pipe_name in ROLES EXPECT_ROLES CA_PIN; do
  pipe_value=$(pipe_list "$pipe_name")
  [ -z "$pipe_value" ] || export "BOT_JOIN_$pipe_name=$pipe_value"
done

if [ -z "${BITBUCKET_CLONE_DIR-}" ]; then
  bot_join_error 'BITBUCKET_CLONE_DIR is not set: this is a pipe of Bitbucket Pipelines, and does nothing anywhere else.'
  exit 1
fi
umask 077
pipe_folder=$BITBUCKET_CLONE_DIR/.bot-join
bot_join_private_dir "$pipe_folder"
# So that a step that commits or packs its checkout leaves the folder out.
printf '*\n' >"$pipe_folder/.gitignore"

# What ssh starts for a connection has to be where the step finds it too, and the step does not see this image.
case ${BOT_JOIN_PROGRAM-} in
  '' | *.cjs) ;;
  *)
    cp -- "$BOT_JOIN_PROGRAM" "$pipe_folder/bot-join"
    BOT_JOIN_PROGRAM=$pipe_folder/bot-join
    ;;
esac
BOT_JOIN_STATE_DIR=$pipe_folder/job
BOT_JOIN_EXPORT_FILE=$pipe_folder/env
BOT_JOIN_DIRECTORY=$pipe_folder/identity-${BOT_JOIN_ID-default}
export BOT_JOIN_PROGRAM BOT_JOIN_STATE_DIR BOT_JOIN_EXPORT_FILE BOT_JOIN_DIRECTORY

# The pipe's own home may be read-only, and its folder for temporary files is gone when the step goes on.
TMPDIR=$pipe_folder
export TMPDIR
bot_join_run start
printf 'Now read the variables into the script: . .bot-join/env\n'
