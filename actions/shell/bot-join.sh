# shellcheck shell=sh
# The shell half of bot-join, for jobs of a CI system whose steps are shell scripts. Source it, then call
#
#   bot_join_run start      join, and load the exported variables into this shell
#   bot_join_run cleanup    take back what the job's joins left behind
#   bot_join_run path       set bot_join_dir to a folder that holds the command bot-join
#
# Everything is configured by BOT_JOIN_... variables. It finds a program: BOT_JOIN_PROGRAM, or a download whose SHA-256
# is pinned below. Only functions are defined, and of variables only bot_join_dir is left in the calling shell.

# The release that this copy belongs to, and the SHA-256 of its files; both are filled in by packing.
bot_join_version() {
  printf '%s\n' '@BOT_JOIN_VERSION@'
}

bot_join_checksums() {
  printf '%s\n' '@BOT_JOIN_CHECKSUMS@'
}

bot_join_run() {
  case ${1-} in
    start | cleanup) bot_join_call "$@" ;;
    path)
      # Not as one line: the status of an assignment is that of the command in it.
      bot_join_dir=$(bot_join_prepare) || return 1
      ;;
    *)
      bot_join_error "bot_join_run: start, cleanup or path is expected, and not: ${1-nothing}"
      return 2
      ;;
  esac
}

# Runs the program and loads what it has to say to this shell. The positional parameters of a function are its only
# variables that end with it, so the status is kept there.
bot_join_call() {
  if [ "$1" = cleanup ]; then
    case " $* " in
      *' --state-dir'*) ;;
      *) bot_join_has_started || return 0 ;;
    esac
    bot_join_dir=$(bot_join_kept || bot_join_prepare) || return 0
    # Not in the job's folder, which the clean-up takes away. That files go is worth more than that variables do.
    bot_join_exports=$(umask 077 && { mktemp "${bot_join_dir%/bot-join-program/*}.XXXXXX" || mktemp; } 2>/dev/null) ||
      bot_join_exports=
  else
    bot_join_dir=$(bot_join_prepare) || return 1
    bot_join_exports=$(umask 077 && mktemp "${bot_join_dir%/bot-join-program/*}/bot-join-exports.XXXXXX" 2>/dev/null) || {
      bot_join_error "No file can be made in ${bot_join_dir%/bot-join-program/*}."
      unset bot_join_exports
      return 1
    }
  fi
  if BOT_JOIN_CALLER_EXPORTS=$bot_join_exports sh "$bot_join_dir/bot-join" "$@"; then
    # shellcheck disable=SC1090
    [ -z "$bot_join_exports" ] || . "$bot_join_exports"
    set -- "$1" 0
  else
    set -- "$1" "$?"
  fi
  [ -z "$bot_join_exports" ] || rm -f -- "$bot_join_exports" || :
  unset bot_join_exports
  if [ "$1" = cleanup ]; then
    [ -d "$bot_join_dir" ] || unset bot_join_dir
    # 1 and 2 are what wrong arguments give; a program that could not run must not fail the job.
    [ "$2" -le 2 ] || return 0
  fi
  return "$2"
}

# Says one thing on standard error, without the password of an address. No text of a variable may become a command of the CI
# system that reads the log; two signs are taken apart twice, since there may be three.
bot_join_error() {
  printf 'error: %s\n' "$(printf '%s' "$*" | tr '\001-\037\177' ' ' |
    sed 's|//[^/@ ]*@|//***@|g; s/##/# #/g; s/##/# #/g; s/::/: :/g; s/::/: :/g')" >&2
}

# Prints the folder of this job: the same in every shell of the job, and in no other job of this machine.
bot_join_state_dir() (
  if [ -n "${BOT_JOIN_STATE_DIR-}" ]; then
    case $BOT_JOIN_STATE_DIR in
      /* | [A-Za-z]:*) printf '%s\n' "${BOT_JOIN_STATE_DIR%/}" ;;
      *) printf '%s\n' "$PWD/${BOT_JOIN_STATE_DIR%/}" ;;
    esac
    exit 0
  fi
  temp=
  key=
  if [ -n "${GITHUB_ACTIONS-}" ]; then
    temp=${RUNNER_TEMP-}
    key=${GITHUB_RUN_ID-}-${GITHUB_RUN_ATTEMPT-}-${GITHUB_JOB-}
  elif [ -n "${GITLAB_CI-}" ]; then
    temp=${RUNNER_TEMP_PROJECT_DIR:-${CI_PROJECT_DIR-}.tmp}
    key=${CI_JOB_ID-}
  elif [ -n "${CIRCLECI-}" ]; then
    key=${CIRCLE_WORKFLOW_ID-}-${CIRCLE_BUILD_NUM-}-${CIRCLE_NODE_INDEX-}
  elif [ -n "${BITBUCKET_BUILD_NUMBER-}" ]; then
    key=$BITBUCKET_BUILD_NUMBER-${BITBUCKET_STEP_UUID-}
  elif [ -n "${TF_BUILD-}" ]; then
    temp=${AGENT_TEMPDIRECTORY-}
    key=${SYSTEM_PLANID-}-${SYSTEM_JOBID-}
  elif [ -n "${SPACELIFT_OIDC_TOKEN-}${TF_VAR_spacelift_run_id-}" ]; then
    temp=/mnt/workspace
    key=${TF_VAR_spacelift_run_id-}
  elif [ -n "${ENV0_DEPLOYMENT_LOG_ID-}" ]; then
    key=$ENV0_DEPLOYMENT_LOG_ID
  fi
  case $temp in /* | [A-Za-z]:*) ;; *) temp= ;; esac
  if [ ! -d "$temp" ] || [ ! -w "$temp" ]; then temp=${TMPDIR:-${TMP:-${TEMP:-/tmp}}}; fi
  # A machine without any of these has one job per user and working folder.
  case $key in *[!-]*) ;; *) key=$(pwd -P)-$(id -u) ;; esac
  case $temp in /* | [A-Za-z]:*) ;; *) temp=$PWD/$temp ;; esac
  printf '%s/bot-join-job-%s\n' "${temp%/}" "$(printf '%s' "$key" | LC_ALL=C tr -c 'A-Za-z0-9._-' '_' | tail -c 150)"
)

# Tells whether the job's folder holds a join or a program. Parts of a download that came to nothing go at once.
bot_join_has_started() (
  state=$(bot_join_state_dir)
  [ -d "$state" ] || exit 1
  # Of a folder of somebody else nothing is believed, and nothing is touched; whoever wants to use it says so.
  bot_join_is_private "$state" || exit 0
  [ -z "$(find "$state" -type f '(' -name 'join-*.json' -o -name bot-join ')' 2>/dev/null)" ] || exit 0
  rm -rf -- "$state/bot-join-program"
  rmdir -- "$state" 2>/dev/null
  exit 1
)

# Tells whether something is a folder that nobody else can write to.
bot_join_is_private() {
  [ -n "$(find "$1" -prune -type d -user "$(id -u)" ! -perm -020 ! -perm -002 2>/dev/null)" ]
}

# Makes a folder that nobody else can write to, or accepts it if it is there and so.
bot_join_private_dir() {
  if ! mkdir -m 700 -- "$1" 2>/dev/null && ! bot_join_is_private "$1"; then
    bot_join_error "The folder $1 cannot be made, or is there and is a link, another user's, or writable for others." \
      'Set TMPDIR or BOT_JOIN_STATE_DIR to a folder in which this job may write.'
    return 1
  fi
}

# Prints the folder of a program that an earlier call has left, for a shell in which nothing else may be found.
bot_join_kept() (
  [ -z "${BOT_JOIN_PROGRAM-}" ] || exit 1
  state=$(bot_join_state_dir)
  dir=$state/bot-join-program/$(bot_join_version)
  [ -f "$dir/bot-join" ] || exit 1
  # What somebody else could have put there is not run.
  for folder in "$state" "$state/bot-join-program" "$dir"; do
    bot_join_is_private "$folder" || exit 1
  done
  printf '%s\n' "$dir"
)

# Finds or downloads the program, and prints a folder in which the script bot-join starts it.
bot_join_prepare() (
  # The caller's options must not change what is meant here.
  set +eC
  unset IFS
  umask 077
  state=$(bot_join_state_dir)
  version=$(bot_join_version)
  if [ -n "${BOT_JOIN_PROGRAM-}" ]; then
    program=$BOT_JOIN_PROGRAM
    case $program in /* | [A-Za-z]:*) ;; *) program=$PWD/$program ;; esac
    [ -f "$program" ] || {
      bot_join_error "BOT_JOIN_PROGRAM: there is no file $program."
      exit 1
    }
    dir=$state/bot-join-program/local
  else
    program=
    dir=$state/bot-join-program/$version
  fi
  mkdir -p -- "$(dirname -- "$state")" 2>/dev/null || true
  for folder in "$state" "$state/bot-join-program" "$dir"; do
    bot_join_private_dir "$folder" || exit 1
  done
  # What was made in vain goes again; a folder that holds something stays.
  trap 'rmdir -- "$dir" "$state/bot-join-program" "$state" 2>/dev/null' EXIT

  node=
  case $program in
    '') node=$(bot_join_node) ;;
    *.cjs | *.js | *.mjs)
      node=$(bot_join_node)
      [ -n "$node" ] || {
        bot_join_error "BOT_JOIN_PROGRAM is $program, and there is no Node.js 20 or newer to run it:" \
          'install one, name it by BOT_JOIN_NODE, or name a binary of bot-join by BOT_JOIN_PROGRAM.'
        exit 1
      }
      ;;
  esac
  if [ -n "$program" ]; then
    :
  elif [ -n "$node" ]; then
    program=$dir/bot-join.cjs
    bot_join_download "$dir" ssh-proxy.cjs || exit 1
    bot_join_download "$dir" bot-join.cjs || exit 1
  else
    name=$(bot_join_binary_name) || {
      bot_join_error "There is no Node.js 20 or newer on PATH, and no binary of bot-join for $(uname -sm)." "$(bot_join_ways_out)"
      exit 1
    }
    program=$dir/$name
    if [ ! -f "$program" ]; then
      bot_join_download "$dir" "$name" || exit 1
      chmod 700 "$program"
      "$program" --version >/dev/null 2>&1 || {
        rm -f -- "$program"
        bot_join_error "The binary $name does not run on this machine: a library is missing, or no program may be started below $state." \
          "$(bot_join_ways_out)"
        exit 1
      }
    fi
  fi

  if temporary=$(mktemp "$dir/bot-join.XXXXXX") && bot_join_launcher "$state" "$node" "$program" >"$temporary" &&
    chmod 700 "$temporary" && mv -f -- "$temporary" "$dir/bot-join"; then
    printf '%s\n' "$dir"
  else
    bot_join_error "No file can be written in $dir."
    exit 1
  fi
)

# Writes the script that starts a program, by Node if one is named.
bot_join_launcher() {
  printf '#!/bin/sh\nBOT_JOIN_STATE_DIR=%s\nexport BOT_JOIN_STATE_DIR\nexec %s %s "$@"\n' \
    "$(bot_join_quote "$1")" "${2:+$(bot_join_quote "$2")}" "$(bot_join_quote "$3")"
}

bot_join_quote() {
  printf "'%s'" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")"
}

bot_join_ways_out() {
  printf '%s' 'Use an image with Node.js 20 or newer, name a Node program by BOT_JOIN_NODE, or a file of bot-join by BOT_JOIN_PROGRAM.'
}

# Prints the Node program if it is 20 or newer, and nothing otherwise.
bot_join_node() (
  set +e
  node=$(command -v "${BOT_JOIN_NODE:-node}" 2>/dev/null) || exit 0
  case $node in /* | [A-Za-z]:*) ;; *) node=$PWD/$node ;; esac
  major=$("$node" --version 2>/dev/null) || exit 0
  major=${major#v}
  major=${major%%.*}
  case $major in
    '' | *[!0-9]*) ;;
    *) [ "$major" -lt 20 ] || printf '%s\n' "$node" ;;
  esac
)

# Prints the name of the release's binary for this machine; fails where there is none.
bot_join_binary_name() (
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    MINGW* | MSYS* | CYGWIN* | Windows*) system=windows ;;
    *) exit 1 ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) exit 1 ;;
  esac
  suffix=
  if [ "$system" = windows ]; then
    suffix=.exe
  elif [ "$system" = linux ]; then
    # The ldd of musl knows no options, says so, and fails.
    case $(cat /etc/alpine-release 2>/dev/null)$(ldd --version 2>&1) in
      [0-9]* | *musl*) suffix=-musl ;;
    esac
  fi
  printf 'bot-join-%s-%s%s\n' "$system" "$machine" "$suffix"
)

# Prints the pinned SHA-256 of a file of the release; fails where there is none.
bot_join_pinned() {
  bot_join_checksums | sed -n "s/^[[:space:]]*\([0-9a-f]\{64\}\)[[:space:]]\{1,\}$1[[:space:]]*\$/\1/p" | grep .
}

bot_join_sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1"
  else
    return 1
  fi
}

# Puts a file of the release into a folder, if it is not there yet: what has its name there was checked.
bot_join_download() (
  dir=$1
  name=$2
  if [ -f "$dir/$name" ]; then exit 0; fi
  wire=$name
  if command -v gzip >/dev/null 2>&1 && bot_join_pinned "$name.gz" >/dev/null; then wire=$name.gz; fi
  expected=$(bot_join_pinned "$wire") || {
    bot_join_error "This release of bot-join, $(bot_join_version), has no $name for $(uname -sm)." "$(bot_join_ways_out)"
    exit 1
  }
  base=${BOT_JOIN_DOWNLOAD_URL:-https://github.com/teleport/bot-join/releases/download/v$(bot_join_version)}
  url=${base%/}/$wire
  case $url in
    http://* | https://*) ;;
    *)
      bot_join_error "BOT_JOIN_DOWNLOAD_URL: an address that begins with https:// or http:// is expected, and not: $base"
      exit 1
      ;;
  esac
  temporary=$(mktemp "$dir/download.XXXXXX") || {
    bot_join_error "No file can be made in $dir."
    exit 1
  }
  trap 'rm -f -- "$temporary" "$temporary.raw"' EXIT
  trap 'exit 1' HUP INT TERM
  reason=$(bot_join_fetch "$url" "$temporary" 2>&1) || {
    bot_join_error "$url could not be downloaded: ${reason:-the program that downloads gave no reason}." \
      'Set BOT_JOIN_DOWNLOAD_URL to a mirror that this job reaches, or BOT_JOIN_PROGRAM to a file that is there already.'
    exit 1
  }
  actual=$(bot_join_sha256 "$temporary") || {
    bot_join_error 'Neither sha256sum nor shasum is there, so no download can be checked.' \
      'Install one of them, or set BOT_JOIN_PROGRAM to a file that is there already.'
    exit 1
  }
  actual=${actual%%[!0-9a-f]*}
  if [ "$actual" != "$expected" ]; then
    bot_join_error "$url is not the file that belongs to this release, and was thrown away: its SHA-256 is $actual instead of $expected."
    exit 1
  fi
  if [ "$wire" != "$name" ]; then
    if ! gzip -dc <"$temporary" >"$temporary.raw" || ! mv -f -- "$temporary.raw" "$temporary"; then
      bot_join_error "$wire cannot be unpacked in $dir: is there room for it?"
      exit 1
    fi
  fi
  mv -f -- "$temporary" "$dir/$name"
)

# Downloads without a word, but for the reason of a failure.
bot_join_fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --proto '=http,https' --connect-timeout 15 --max-time 600 --retry 3 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    case $(wget --version 2>/dev/null) in
      'GNU Wget'*) wget -nv -T 30 -t 3 -O "$2" "$1" ;;
      # That of busybox has few options, and in Debian's build the one for a time limit ends it at once.
      *) wget -q -O "$2" "$1" ;;
    esac
  else
    echo 'neither curl nor wget is there'
    return 1
  fi
}
