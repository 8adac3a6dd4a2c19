// What a command line comes to: everything that a start needs, before any file is opened.
import type { EngineKind } from '../engine/engine-kind.ts';
import type { Request } from '../environment/index.ts';
import type { GuestOptions } from '../host/guest/default-guest.ts';
import type { ImageKind } from '../machine/loader/image-error.ts';
import type { LogItem } from '../machine/machine-api.ts';
import type { GuestOptionNames } from './options/guest-request.ts';
import type { ConsoleChoice } from './options/option-values.ts';

/** A file and the option that named it, for messages. */
export interface NamedFile {
  readonly option: string;
  readonly path: string;
}

/** A start. */
export interface StartPlan {
  /** What the guest shall see. */
  readonly request: Request;
  /** The profile whose limits hold, by name or file; absent: our own engine. */
  readonly host: NamedFile | undefined;
  /** How messages name an option of the request. */
  readonly requestNames: GuestOptionNames;
  readonly files: Readonly<Partial<Record<ImageKind, NamedFile>>>;
  /** Boot the default guest; `append` is added to its own command line. */
  readonly defaultGuest: GuestOptions | undefined;
  /** One command to run in the default guest. */
  readonly exec: string | undefined;
  readonly append: string | undefined;
  readonly console: ConsoleChoice;
  readonly rtcBaseSeconds: number;
  readonly icountShift: number | undefined;
  /** How guest code is run; absent: as the host says. */
  readonly engine: EngineKind | undefined;
  readonly noReboot: boolean;
  readonly logItems: readonly LogItem[];
  readonly logFile: NamedFile | undefined;
  /** Write the flattened tree there instead of running. */
  readonly dumpDeviceTree: NamedFile | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly statistics: boolean;
  /** Print where the guest spent its time. */
  readonly profile: boolean;
  /** Show every warning. */
  readonly verbose: boolean;
  /** Exit status after SIGTERM and the like: QEMU's 0, or 128 + the signal's number. */
  readonly signalStatus: 'zero' | 'shell';
}
