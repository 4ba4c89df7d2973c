# Completion of paas for bash. Install: paas completion bash > ~/.local/share/bash-completion/completions/paas
# Without the package bash-completion: echo 'eval "$(paas completion bash)"' >> ~/.bashrc

_paas_complete() {
    local line=${COMP_LINE:0:COMP_POINT} answer word status
    COMPREPLY=()
    answer=$("${1/#\~\//$HOME/}" __complete bash "$line" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
    status=$?
    if [ "$status" -eq 10 ]; then
        compopt -o default +o nospace 2>/dev/null
        return
    fi
    [ "$status" -eq 0 ] && [ -n "$answer" ] || return
    while IFS= read -r word; do
        COMPREPLY[${#COMPREPLY[@]}]=$word
    done <<< "$answer"
}

complete -o nospace -F _paas_complete paas
