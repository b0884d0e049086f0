;; Never gets past its start function.
(module
  (import "env" "memory" (memory 1))
  (start $loop)
  (func $loop
    (loop $again (br $again)))
  (func (export "answer") (result i32) (i32.const 42)))
