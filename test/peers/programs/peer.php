<?php
// A peer of test/peers/peers.test.ts, with shmop, which opens by key and knows no ids. Arguments: COMMAND KEY
// [NUMBER | TEXT]... It answers, and waits, by lines.
set_error_handler(function ($level, $message) {
    fwrite(STDERR, "$message\n");
    exit(1);
});

function wait_for_line(): void
{
    if (fgets(STDIN) === false) exit(1);
}

function adler32(string $bytes): int
{
    return hexdec(hash("adler32", $bytes));
}

/** Writes the second half in blocks while the test writes the first half, and checksums each block of the test. */
function both($memory, int $block, int $blocks): void
{
    echo "ready\n";
    wait_for_line();
    for ($at = 0; $at < $blocks; $at++) {
        shmop_write($memory, str_repeat(chr(ord("a") + $at % 26), $block), ($blocks + $at) * $block);
        echo "written\n";
        wait_for_line();
        echo adler32(shmop_read($memory, $at * $block, $block)), "\n";
    }
    wait_for_line();
    echo adler32(shmop_read($memory, 0, 2 * $blocks * $block)), "\n";
}

[, $command, $key] = $argv;
$first = (int) ($argv[3] ?? 0);
$text = $argv[4] ?? "0";
$memory = $command === "create" ? shmop_open((int) $key, "n", 0600, $first) : shmop_open((int) $key, "w", 0, 0);
switch ($command) {
    case "create": break;
    case "size": echo shmop_size($memory), "\n"; break;
    case "read": echo shmop_read($memory, $first, (int) $text), "\n"; break;
    case "write": shmop_write($memory, $text, $first); break;
    case "hold":
        echo "attached\n";
        wait_for_line();
        echo shmop_read($memory, $first, (int) $text), "\n";
        break;
    case "both": both($memory, $first, (int) $text); break;
    case "remove": shmop_delete($memory); break;
    default: exit(1);
}
