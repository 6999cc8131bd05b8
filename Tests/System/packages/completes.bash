# In a root with the Debian package: checks that a shell that loads completions as Debian does can complete.
source /usr/share/bash-completion/bash_completion
__load_completion pth2swt || exit 1
function=$(complete -p pth2swt | sed 's/.*-F \([^ ]*\).*/\1/')
compopt() { :; }  # there is nothing to set outside a real completion

# offers WORD LINE...: checks that WORD is offered for the last word of the line.
offers() {
  local word=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  "$function"
  printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -e "$word"
}
offers convert pth2swt conv && offers --fold-bn pth2swt convert --fold &&
  offers bf16 pth2swt convert --precision b
