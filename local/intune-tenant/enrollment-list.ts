// The enrolled devices in the order in which they came, with places that survive additions and removals.

import type { ManagedDevice } from './managed-device.ts';

export interface Enrollment {
  /** Never used twice, so that it marks a place in the fleet. */
  readonly sequence: number;
  device: ManagedDevice;
}

export interface FleetPage {
  readonly devices: readonly ManagedDevice[];
  /** Where the next page starts; undefined when this page is the last. */
  readonly next: number | undefined;
}

export class EnrollmentList {
  #enrollments: Enrollment[] = [];
  #nextSequence = 1;

  get size(): number {
    return this.#enrollments.length;
  }

  [Symbol.iterator](): Iterator<Enrollment> {
    return this.#enrollments.values();
  }

  append(device: ManagedDevice): Enrollment {
    const enrollment = { sequence: this.#nextSequence, device };
    this.#nextSequence += 1;
    this.#enrollments.push(enrollment);
    return enrollment;
  }

  remove(enrollment: Enrollment): void {
    this.#enrollments.splice(this.#position(enrollment.sequence), 1);
  }

  clear(): void {
    this.#enrollments = [];
  }

  /** Up to `count` (wanted) devices from the given place on; 0 is the beginning. */
  page(from: number, count: number, wanted?: (device: ManagedDevice) => boolean): FleetPage {
    const start = this.#position(from);
    if (wanted === undefined) {
      const devices = this.#enrollments.slice(start, start + count).map(({ device }) => device);
      return { devices, next: this.#enrollments[start + count]?.sequence };
    }
    const devices: ManagedDevice[] = [];
    for (let position = start; position < this.#enrollments.length; position += 1) {
      const enrollment = this.#enrollments[position];
      if (enrollment !== undefined && wanted(enrollment.device)) {
        if (devices.length === count) {
          return { devices, next: enrollment.sequence };
        }
        devices.push(enrollment.device);
      }
    }
    return { devices, next: undefined };
  }

  /** The index of the first enrolment whose sequence is not below the given one. */
  #position(sequence: number): number {
    let low = 0;
    let high = this.#enrollments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#enrollments[middle];
      if (found !== undefined && found.sequence < sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
