# In a root where the Debian package is installed: does a shell that loads completions as Debian does complete?
source /usr/share/bash-completion/bash_completion
__load_completion pth2swt || exit 1
function=$(complete -p pth2swt | sed 's/.*-F \([^ ]*\).*/\1/')
compopt() { :; }  # outside of a real completion there is nothing to set

# offers WORD LINE...: WORD is among what is offered for the last word of the line.
offers() {
  local word=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  "$function"
  printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -e "$word"
}
offers convert pth2swt conv && offers --fold-bn pth2swt convert --fold && offers bf16 pth2swt convert --precision b
