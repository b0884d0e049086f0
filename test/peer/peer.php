<?php
// A peer of test/peer.test.ts, by shmop: COMMAND KEY [OFFSET [LENGTH | TEXT]].
set_error_handler(function ($level, $message) { fwrite(STDERR, $message); exit(1); });
[, $command, $key] = $argv;
$first = $argv[3] ?? "0";
$second = $argv[4] ?? "0";
if ($command === "create") {
    shmop_open((int) $key, "n", 0600, (int) $first);
    exit(0);
}
$memory = shmop_open((int) $key, "w", 0, 0);
switch ($command) {
    case "size": echo shmop_size($memory); break;
    case "read": echo shmop_read($memory, (int) $first, (int) $second); break;
    case "write": shmop_write($memory, $second, (int) $first); break;
    case "fill": shmop_write($memory, str_repeat("p", (int) $second), (int) $first); break;
    case "sum": echo hexdec(hash("adler32", shmop_read($memory, (int) $first, (int) $second))); break;
    case "remove": shmop_delete($memory); break;
    default: exit(1);
}
