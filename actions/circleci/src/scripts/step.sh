# One step of the orb. BJ_COMMAND says which; BJ_STR_... are parameters in which variables may stand, BJ_RAW_... others.
# Text of a parameter is only ever the value of a variable here, never part of a command.

# Only bash reads what earlier steps have set. The file belongs to the job and may be written for bash: in another shell
# a mistake of its grammar ends everything, so it is tried first.
# shellcheck disable=SC1090
if [ -r "${BASH_ENV:-}" ] && (set +eu; . "$BASH_ENV"; :) >/dev/null 2>&1; then
  set +eu
  . "$BASH_ENV"
  set -eu
fi

@BOT_JOIN_SHELL@

# Prints a text with its variables filled in, if the program of the job can do that.
bj_expand() {
  case $1 in
    *'$'*) circleci env subst "$1" 2>/dev/null || printf '%s' "$1" ;;
    *) printf '%s' "$1" ;;
  esac
}

for bj_name in PROXY TOKEN OUTPUTS CONFIG DIRECTORY CERTIFICATE_TTL ROLES AUDIENCE EXPECT_CLUSTER EXPECT_BOT \
  EXPECT_ROLES CA_FILE CA_PIN TIMEOUT DOWNLOAD_URL; do
  eval "bj_value=\${BJ_STR_$bj_name-}"
  # An empty parameter leaves alone what a variable of the job says.
  [ -z "$bj_value" ] || export "BOT_JOIN_$bj_name=$(bj_expand "$bj_value")"
done
for bj_name in ID RETRIES EXPORT_ENV INSECURE CLEANUP FIPS DEBUG ALLOW_REISSUE; do
  eval "bj_value=\${BJ_RAW_$bj_name-}"
  [ -z "$bj_value" ] || export "BOT_JOIN_$bj_name=$bj_value"
done

case $BJ_COMMAND in
  join) bot_join_run start ;;
  cleanup) bot_join_run cleanup ${BJ_RAW_ID:+--id "$BJ_RAW_ID"} ;;
  install)
    bot_join_run path
    # The later steps are to fill in PATH, with what it is then; bot_join_run sets the folder.
    # shellcheck disable=SC2016,SC2154
    printf 'export PATH=%s:"$PATH"\n' "$(bot_join_quote "$bot_join_dir")" >>"$BASH_ENV"
    ;;
esac
