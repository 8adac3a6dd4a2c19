// What is wrong with a file that a person gave: which file, and one line that says why and what would be right.

/** The files that a machine is started from. The command line maps each to the option that named it. */
export type ImageKind = 'kernel' | 'initrd' | 'firmware' | 'deviceTree';

/** A file is not what it should be, or does not fit. The message is one line without the file's name. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  /** The file that is wrong. */
  readonly image: ImageKind;

  constructor(image: ImageKind, message: string) {
    super(message);
    this.image = image;
  }
}
