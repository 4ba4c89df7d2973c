# Completion of paas for fish. Install: paas completion fish > ~/.config/fish/completions/paas.fish

function __paas_complete
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    set -l word (commandline -ct)
    set -l answer ($program __complete fish $typed[2..-1] $word 2>/dev/null </dev/null)
    switch $status
        case 10
            __fish_complete_path $word
        case 0
            string join \n -- $answer
    end
end

complete -c paas -e
complete -c paas -f -a '(__paas_complete)'
