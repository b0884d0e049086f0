;; The host's memory, and one of its own that nobody is asked for. Engines without multi-memory refuse it as malformed.
(module
  (import "env" "memory" (memory $given 1))
  (memory $own 16384)
  (func (export "answer") (result i32) (i32.const 42)))
