# Sourced by the scripts beside it: steps with their time, and what to do when one fails.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
project=$PWD
cache=$project/.cache
mkdir -p "$cache"
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

# Root, or sudo to get there.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

now_ms() { date +%s%3N; }
seconds() { printf '%d.%01d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }
began=$(now_ms)
so_far() { seconds $(($(now_ms) - began)); }

say() { printf '%s\n' "$*"; }
fail() {
  printf '\nFAILED: %s\n' "$1" >&2
  shift
  [ $# = 0 ] || printf '  what to do: %s\n' "$@" >&2
  exit 1
}

# step WHAT HINT COMMAND…: run it quietly. Its output is shown only when it fails, with the hint.
step() {
  local what=$1 hint=$2 log start
  shift 2
  log=$(mktemp "$cache/step.XXXXXX")
  start=$(now_ms)
  printf '%-58s ' "$what …"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%9s\n' "$(seconds $(($(now_ms) - start)))"
    rm -f "$log"
  else
    printf 'failed after %s\n\n' "$(seconds $(($(now_ms) - start)))"
    tail -40 "$log" >&2
    rm -f "$log"
    fail "$what" "$hint"
  fi
}

# The small guest image of guest/make-image, in $guest; built again only when its sources are newer.
guest=$cache/guest
guest_image() {
  [ "$guest/manifest" -nt guest/make-image ] && [ "$guest/manifest" -nt guest/init ] && return
  export NOVELLA_GUEST_CACHE=$cache/guest-packages
  rm -f "$guest/manifest"
  guest/make-image "$guest" && return
  # The package lists may be old, or not there.
  as_root apt-get -q update && guest/make-image "$guest"
}
