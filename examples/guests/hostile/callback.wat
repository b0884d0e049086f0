;; The host's `callback` is called by `enter`, and may call `loop`, `trap` or `enter` again from inside.
(module
  (import "host" "callback" (func $callback (param i32) (result i32)))
  (import "env" "memory" (memory 1))

  (func (export "enter") (param $value i32) (result i32)
    (call $callback (local.get $value)))

  (func (export "loop") (param $value i32) (result i32)
    (loop $again (br $again))
    (unreachable))

  (func (export "trap") (param $value i32) (result i32)
    (unreachable))

  ;; Calls the host for ever: time passes in the host and in the guest by turns.
  (func (export "enterForever")
    (loop $again
      (drop (call $callback (i32.const 0)))
      (br $again))))
