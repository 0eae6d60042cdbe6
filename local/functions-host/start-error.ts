// A reason the host cannot start, worded for the operator: only its message is printed, never a stack.
export class StartError extends Error {
  override readonly name = 'StartError';
}
