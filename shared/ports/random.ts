// Randomness as a parameter.

export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number;
  /** That many random bytes as lower-case hexadecimal digits. */
  hex(bytes: number): string;
}
