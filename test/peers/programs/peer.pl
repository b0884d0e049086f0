# A peer of test/peers/peers.test.ts, with Perl's own copying calls and IPC::SysV. Arguments: COMMAND SEGMENT [NUMBER | TEXT]...,
# where SEGMENT is a key or #ID. It answers, and waits, by lines.
use strict;
use warnings;
use Compress::Zlib qw(adler32);
use IPC::SharedMem;
use IPC::SysV qw(IPC_CREAT IPC_EXCL IPC_RMID IPC_STAT memread shmat shmdt);

$| = 1;
my ($command, $segment, $first, $second) = @ARGV;
my $creates = $command eq 'create';
my ($id) = $segment =~ /^#(.*)/;
$id //= shmget($segment, $creates ? $first : 0, $creates ? IPC_CREAT | IPC_EXCL | 0600 : 0) // die "shmget: $!\n";

sub state_of_it {
    shmctl($id, IPC_STAT, my $state = '') or die "shmctl: $!\n";
    return 'IPC::SharedMem::stat'->new->unpack($state);
}

sub read_at {
    my ($offset, $length) = @_;
    shmread($id, my $bytes, $offset, $length) or die "shmread: $!\n";
    return $bytes;
}

sub write_at {
    my ($offset, $bytes) = @_;
    shmwrite($id, $bytes, $offset, length $bytes) or die "shmwrite: $!\n";
}

sub wait_for_line { defined <STDIN> or die "standard input ended\n" }

# Writes the second half in blocks while the test writes the first half, and checksums each block of the test.
sub both {
    my ($block, $blocks) = @_;
    print "ready\n";
    wait_for_line();
    for my $at (0 .. $blocks - 1) {
        write_at(($blocks + $at) * $block, chr(ord('a') + $at % 26) x $block);
        print "written\n";
        wait_for_line();
        print adler32(read_at($at * $block, $block)), "\n";
    }
    wait_for_line();
    print adler32(read_at(0, 2 * $blocks * $block)), "\n";
}

if ($creates) {
    print "$id\n";
} elsif ($command eq 'size') {
    print state_of_it()->segsz, "\n";
} elsif ($command eq 'read') {
    print read_at($first, $second), "\n";
} elsif ($command eq 'write') {
    write_at($first, $second);
} elsif ($command eq 'hold') {
    my $address = shmat($id, undef, 0) // die "shmat: $!\n";
    print state_of_it()->nattch, "\n";
    wait_for_line();
    memread($address, my $bytes, $first, $second) or die "memread: $!\n";
    print "$bytes\n";
    shmdt($address) // die "shmdt: $!\n";
} elsif ($command eq 'both') {
    both($first, $second);
} elsif ($command eq 'remove') {
    shmctl($id, IPC_RMID, 0) // die "shmctl: $!\n";
} else {
    die "unknown command\n";
}
