// Open instances of device nodes: handles that stay valid when the tree is replaced. (IEEE 1275, section 3.4)
import { consoleInstance } from '../device-tree/chosen.ts';
import { consolePath } from '../device-tree/vdevice.ts';

/** More than any client opens. */
const maximumInstances = 256;

/** The open instances, by handle; each is known by its path. */
export class Instances {
  readonly #paths = new Map<number, string>();
  #next = consoleInstance;

  constructor() {
    this.reset();
  }

  /** Only the console is open. */
  reset(): void {
    this.#paths.clear();
    this.#next = consoleInstance;
    this.open(consolePath);
  }
  /** The new handle, or 0 when there are too many. */
  open(path: string): number {
    if (this.#paths.size >= maximumInstances) return 0;
    const handle = this.#next++;
    this.#paths.set(handle, path);
    return handle;
  }
  close(handle: number): void {
    this.#paths.delete(handle);
  }
  path(handle: number): string | undefined {
    return this.#paths.get(handle);
  }
}
