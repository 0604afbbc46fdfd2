// Mathematics of the latent space. Points are arrays of numbers.

/** Returns a function that draws numbers in (0, 1). The same seed gives the same numbers (Mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    // At least half a step from 0, because the normal distribution needs its logarithm.
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Draws a point of the prior. The same seed gives the same point. */
export function draw(prior, size, seed) {
  const random = randomNumbers(seed);
  if (prior.name === "uniform") {
    return Array.from({ length: size }, () => prior.low + (prior.high - prior.low) * random());
  }
  // Box and Muller 1958.
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: size }, () => prior.mean + prior.stddev * normal());
}

export function centerOf(prior) {
  return prior.name === "uniform" ? (prior.low + prior.high) / 2 : prior.mean;
}

/** Returns how far a slider goes from the center: three standard deviations of the prior. */
export function reachOf(prior) {
  return 3 * (prior.name === "uniform" ? (prior.high - prior.low) / Math.sqrt(12) : prior.stddev);
}

/** Returns the coordinate of a point along a direction of norm 1, from the center. */
export function along(point, direction, center) {
  return point.reduce((sum, value, i) => sum + (value - center) * direction[i], 0);
}

/** Moves a point along a direction of norm 1, so that it has a given coordinate. */
export function movedTo(point, direction, coordinate, center) {
  const change = coordinate - along(point, direction, center);
  return point.map((value, i) => value + change * direction[i]);
}

/**
 * Returns points from `a` to `b`, both included, as `kerasgan.latent.interpolate` does. With a normal prior,
 * they are on a great circle around the mean (Shoemake 1985; White 2016). With another prior, they are on a
 * straight line. If no great circle joins `a` and `b`, or if all do, it is a straight line too. `kind` tells
 * which it is.
 */
export function interpolate(a, b, count, prior) {
  const fractions = Array.from({ length: count }, (_, i) => i / (count - 1));
  const combine = (weights) =>
    fractions.map((t) => {
      const [first, second] = weights(t);
      return a.map((value, i) => first * (value - center) + second * (b[i] - center) + center);
    });
  const center = centerOf(prior);
  const straight = () => ({ kind: "straight", points: combine((t) => [1 - t, t]) });
  if (prior.name !== "normal" || a.length === 1) return straight();

  const norm = (vector) => Math.hypot(...vector);
  const unit = (point) => {
    const from = point.map((value) => value - center);
    const length = norm(from);
    return from.map((value) => value / length);
  };
  const [u, v] = [unit(a), unit(b)];
  const apart = norm(u.map((value, i) => value - v[i]));
  const together = norm(u.map((value, i) => value + v[i]));
  if (!(together >= 1e-6)) return straight(); // opposite points, or one of them is the center (NaN)
  const angle = 2 * Math.atan2(apart, together);
  if (angle === 0) return straight();
  const sine = Math.sin(angle);
  const weights = (t) => [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return { kind: "spherical", points: combine(weights) };
}
