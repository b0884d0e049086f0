(module
  (import "env" "memory" (memory 1 65536 shared))
  (func (export "answer") (result i32) (i32.const 42)))
