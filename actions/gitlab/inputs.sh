# shellcheck shell=sh
# bot_join_gitlab ID NAME=VALUE...: joins with the inputs of one include. What is text in them is in variables
# BOT_JOIN_GITLAB_<ID>_<NAME>, so that one job can take two includes; numbers and switches are arguments. An input that
# is empty, or a switch that is off, leaves what the job itself has in BOT_JOIN_<NAME>.
bot_join_gitlab() {
  bot_join_gitlab_inputs export "$@"
  if bot_join_run start; then
    bot_join_gitlab_inputs unset "$@"
  else
    bot_join_gitlab_inputs unset "$@"
    return 1
  fi
}

# Sets the inputs as bot-join reads them, or takes them away again: the next include must not find them.
bot_join_gitlab_inputs() {
  bot_join_do=$1
  for bot_join_input in @BOT_JOIN_NAMES@; do
    if eval "[ -n \"\${BOT_JOIN_GITLAB_$2_$bot_join_input-}\" ]"; then
      eval "BOT_JOIN_$bot_join_input=\$BOT_JOIN_GITLAB_$2_$bot_join_input"
      "$bot_join_do" "BOT_JOIN_$bot_join_input"
    fi
  done
  shift 2
  for bot_join_input; do
    case $bot_join_input in
      *=false) ;;
      *)
        export "BOT_JOIN_$bot_join_input"
        "$bot_join_do" "BOT_JOIN_${bot_join_input%%=*}"
        ;;
    esac
  done
  unset bot_join_do bot_join_input
}
