;; The names a host looks for, as exports that are no functions.
(module
  (import "env" "memory" (memory 1))
  (global (export "_initialize") i32 (i32.const 1))
  (global (export "__new") i32 (i32.const 2))
  (global (export "malloc") i32 (i32.const 3))
  (func (export "answer") (result i32) (i32.const 42)))
