// A reason the broker cannot start, worded for whoever starts it: only its message is printed, never a stack.
export class StartError extends Error {
  override readonly name = 'StartError';
}
