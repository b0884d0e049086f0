// The scripts by which a shell asks `wasm-shm complete` at the tab key. They pass the words unchanged and never evaluate
// one. That is why @bomb.sh/tab is not used: its bash script runs a `$(…)` that stands on the line.
import { FILE_NAMES } from "./values.js";

const files = FILE_NAMES.word;

const bash = `# bash completion of wasm-shm and shm. In ~/.bashrc:  source <(wasm-shm completion bash)
_wasm_shm() {
  local IFS=$'\\n' line lines=()
  COMPREPLY=()
  while read -r line; do lines+=("$line"); done < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
  for line in "\${lines[@]}"; do
    if [[ $line == ${files} ]]; then
      compopt -o default # file names, if nothing else fits
    elif [[ $COMP_TYPE == 63 && \${#lines[@]} -gt 1 && $line == *$'\\t'* ]]; then
      COMPREPLY+=("\${line%%$'\\t'*}  (\${line#*$'\\t'})") # only listed; a single candidate is put on the line
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done
}
complete -F _wasm_shm wasm-shm shm
`;

const zsh = `#compdef wasm-shm shm
# zsh completion of wasm-shm and shm. In ~/.zshrc, after compinit:  source <(wasm-shm completion zsh)
_wasm_shm() {
  local line
  local -a described
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2> /dev/null)}"; do
    if [[ $line == ${files} ]]; then
      _files
    elif [[ -n $line ]]; then
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( $#described )) && _describe wasm-shm described
}
if [[ $funcstack[1] == _wasm_shm ]]; then _wasm_shm; else compdef _wasm_shm wasm-shm shm; fi
`;

const fish = `# fish completion of wasm-shm and shm. In ~/.config/fish/config.fish:  wasm-shm completion fish | source
function __wasm_shm_complete
    set -l before (commandline -opc)
    set -l token (commandline -ct)
    for line in ($before[1] complete -- $before[2..-1] "$token" 2> /dev/null)
        if test "$line" = ${files}
            __fish_complete_path "$token"
        else
            printf '%s\\n' $line
        end
    end
end
complete -c wasm-shm -f -a '(__wasm_shm_complete)'
complete -c shm -f -a '(__wasm_shm_complete)'
`;

export const shells = { bash, zsh, fish };
