// The ASP.NET route constraints, as in `{id:int:min(1)}`, that this host supports.
const DIGITS = /^[+-]?\d{1,19}$/;

const GUID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

function integerBetween(value: string, min: bigint, max: bigint): boolean {
  if (!DIGITS.test(value)) return false;
  const number = BigInt(value.replace('+', ''));
  return number >= min && number <= max;
}

const INT64_MAX = 2n ** 63n - 1n;

const CONSTRAINTS: Readonly<Record<string, (argument: bigint[]) => (value: string) => boolean>> = {
  int: () => (value) => integerBetween(value, -(2n ** 31n), 2n ** 31n - 1n),
  long: () => (value) => integerBetween(value, -INT64_MAX - 1n, INT64_MAX),
  bool: () => (value) => /^(?:true|false)$/i.test(value),
  // Guid.TryParse takes the forms with braces and parentheses too.
  guid: () => (value) => GUID.test(/^\{.*\}$|^\(.*\)$/.test(value) ? value.slice(1, -1) : value),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  min:
    ([min = 0n]) =>
    (value) =>
      integerBetween(value, min, INT64_MAX),
  max:
    ([max = 0n]) =>
    (value) =>
      integerBetween(value, -INT64_MAX - 1n, max),
  range:
    ([min = 0n, max = 0n]) =>
    (value) =>
      integerBetween(value, min, max),
  minlength:
    ([min = 0n]) =>
    (value) =>
      BigInt(value.length) >= min,
  maxlength:
    ([max = 0n]) =>
    (value) =>
      BigInt(value.length) <= max,
  length:
    ([min = 0n, max = min]) =>
    (value) =>
      BigInt(value.length) >= min && BigInt(value.length) <= max,
};

const ARGUMENT_COUNTS: Readonly<Record<string, readonly number[]>> = {
  min: [1],
  max: [1],
  range: [2],
  minlength: [1],
  maxlength: [1],
  length: [1, 2],
};

/** Throws an Error when the constraint is unknown or its argument wrong. */
export function constraintFor(name: string, argument: string | undefined): (value: string) => boolean {
  const create = Object.hasOwn(CONSTRAINTS, name) ? CONSTRAINTS[name] : undefined;
  if (!create) throw new Error(`the constraint "${name}" is not supported`);
  const numbers = argument === undefined ? [] : argument.split(',').map((text) => text.trim());
  const counts = Object.hasOwn(ARGUMENT_COUNTS, name) ? ARGUMENT_COUNTS[name] : undefined;
  if (!(counts ?? [0]).includes(numbers.length) || !numbers.every((text) => DIGITS.test(text))) {
    throw new Error(`the constraint "${name}" has wrong arguments`);
  }
  return create(numbers.map(BigInt));
}
