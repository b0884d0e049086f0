# A peer of test/peer.test.ts, by Perl's own copying calls: COMMAND KEY [OFFSET [LENGTH | TEXT]].
use strict;
use warnings;
use Compress::Zlib ();
use IPC::SysV qw(IPC_CREAT IPC_EXCL IPC_RMID IPC_STAT);
use IPC::SharedMem;

my ($command, $key, $first, $second) = @ARGV;
my $flags = $command eq 'create' ? IPC_CREAT | IPC_EXCL | 0600 : 0;
my $id = shmget($key, $command eq 'create' ? $first : 0, $flags) // die $!;
my $bytes;
if ($command eq 'size') {
    print IPC::SharedMem->new($key, 0, 0)->stat->segsz;
} elsif ($command eq 'read') {
    shmread($id, $bytes, $first, $second) or die $!;
    print $bytes;
} elsif ($command eq 'write') {
    shmwrite($id, $second, $first, length $second) or die $!;
} elsif ($command eq 'fill') {
    shmwrite($id, 'p' x $second, $first, $second) or die $!;
} elsif ($command eq 'sum') {
    shmread($id, $bytes, $first, $second) or die $!;
    print Compress::Zlib::adler32($bytes);
} elsif ($command eq 'remove') {
    shmctl($id, IPC_RMID, 0) // die $!;
} elsif ($command ne 'create') {
    die 'unknown command';
}
