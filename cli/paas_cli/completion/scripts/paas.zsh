#compdef paas
# Completion of paas for zsh. Install: paas completion zsh > ~/.zfunc/_paas, with `fpath=(~/.zfunc $fpath)` before compinit
# in ~/.zshrc; or after it: eval "$(paas completion zsh)"

_paas() {
    local answer line word
    local -a whole open whole_shown open_shown
    answer=$("${(Q)words[1]/#\~\//$HOME/}" __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)
    case $? in
        10) _files; return ;;
        0) ;;
        *) return 1 ;;
    esac
    for line in "${(@f)answer}"; do
        word=${line%%$'\t'*}
        [[ -n $word ]] || continue
        if [[ $word == *= ]]; then
            open+=("$word")
            open_shown+=("$word")
        else
            whole+=("$word")
            whole_shown+=("${(r:26:)word}  ${line#*$'\t'}")
        fi
    done
    (( $#open )) && compadd -S '' -d open_shown -a open
    (( $#whole )) && compadd -l -d whole_shown -a whole
    (( $#open + $#whole ))
}

if [ "$funcstack[1]" = "_paas" ]; then
    _paas "$@"
elif (( $+functions[compdef] )); then
    compdef _paas paas
fi
