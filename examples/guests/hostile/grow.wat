;; Asks for more memory than it is given.
(module
  (import "env" "memory" (memory 1))

  ;; Returns the pages before, or -1.
  (func (export "grow") (param $pages i32) (result i32)
    (memory.grow (local.get $pages)))

  ;; By a page at a time, each touched, until refused; returns the pages it got.
  (func (export "growBomb") (result i32)
    (local $end i32)
    (local $pages i32)
    (block $refused
      (loop $again
        (local.set $end (i32.shl (memory.grow (i32.const 1)) (i32.const 16)))
        (br_if $refused (i32.eq (local.get $end) (i32.const 0xffff0000))) ;; -1, shifted
        (memory.fill (local.get $end) (i32.const 0xa5) (i32.const 65536))
        (local.set $pages (i32.add (local.get $pages) (i32.const 1)))
        (br $again)))
    (local.get $pages))

  ;; As growBomb, but takes no refusal for an answer.
  (func (export "growForever")
    (loop $again
      (drop (memory.grow (i32.const 1)))
      (br $again)))

  (func (export "size") (result i32)
    (memory.size)))
