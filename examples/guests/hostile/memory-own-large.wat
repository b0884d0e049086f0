;; 1 GiB, of which nobody is asked.
(module
  (memory (export "memory") 16384)
  (func (export "answer") (result i32) (i32.const 42)))
