;; 1 GiB to begin with.
(module
  (import "env" "memory" (memory 16384))
  (func (export "answer") (result i32) (i32.const 42)))
