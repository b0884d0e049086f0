// The order of the rivals in each round: a design that is balanced for carry-over (E. J. Williams, Experimental Designs
// Balanced for the Estimation of Residual Effects of Treatments, Australian Journal of Scientific Research A2, 1949).

/**
 * The places 0 to count - 1 in the order of that round. In `count` rounds from a multiple of `count` on, each place is first once
 * and last once. In the rounds from 0 up to 2 * count each place follows each other one equally often.
 */
export function orderOf(count: number, round: number): number[] {
  // 0, 1, count - 1, 2, count - 2 …: if the count is even, each distance between neighbours occurs once. If it is odd,
  // each occurs twice in one direction, so every other `count` rounds are the reverse.
  const order = Array.from({ length: count }, (_, index) => {
    const place = index % 2 === 1 ? (index + 1) / 2 : count - index / 2;
    return (place + round) % count;
  });
  return count % 2 === 1 && Math.floor(round / count) % 2 === 1 ? order.reverse() : order;
}
