// Opening devices, the console, and the two methods that kernels call. (IEEE 1275, section 6.3.2.2 to 6.3.2.4; PAPR,
// "ibm,client-architecture-support" and "instantiate-rtas")
import { negotiate } from '../cas.ts';
import { rtasBytes } from '../device-tree/rtas-node.ts';
import { consolePath } from '../device-tree/vdevice.ts';
import { hypercallStub } from './code.ts';
import { maximumText, noValue, type ServiceContext, type ServiceResult, type Services } from './service.ts';

/** Private hypercall of the RTAS blob. */
const rtasHypercall = 0xf000;
/** A read of the console with no input waiting. */
const noInput = 0xffff_fffe;
/** Console bytes that go out at once. */
const writeChunk = 0x1_0000;

function isConsole({ instances }: ServiceContext, instance: number): boolean {
  return instances.path(instance) === consolePath;
}

/** A method: the cells after the instance are its arguments; the result is what follows the catch result. */
type Method = (context: ServiceContext, cells: readonly number[]) => ServiceResult;

/** Methods by path of the instance and name. */
const methods: Readonly<Record<string, Method>> = {
  '/ ibm,client-architecture-support': ({ state, caller }, [address]) => {
    if (address === undefined) return undefined;
    const { status, effect } = negotiate(state, address, caller);
    const returns = [Number(status)];
    return effect === undefined ? returns : { returns, effect };
  },
  '/rtas instantiate-rtas': ({ memory, state }, [base]) => {
    if (base === undefined || !memory.contains(base, rtasBytes(state.environment))) return undefined;
    memory.writeBytes(base, hypercallStub(rtasHypercall));
    return [base];
  },
};

/** The services of this part. */
export const deviceServices: Services = {
  open: {
    arguments: 1,
    run: ({ state, memory, instances }, [path = 0]) => {
      const text = memory.readString(path, maximumText);
      const node = text === undefined ? undefined : state.tree.find(text);
      return [node === undefined ? 0 : instances.open(node.path)];
    },
  },
  close: {
    arguments: 1,
    run: ({ instances }, [instance = 0]) => {
      instances.close(instance);
      return [];
    },
  },
  read: {
    arguments: 3,
    run: (context, [instance = 0, buffer = 0, length = 0]) => {
      if (!isConsole(context, instance) || !context.memory.contains(buffer, length)) return [noValue];
      const bytes = new Uint8Array(Math.min(length, writeChunk));
      const count = context.state.services.readConsole(bytes);
      context.memory.writeBytes(buffer, bytes.subarray(0, count));
      return [count === 0 && length > 0 ? noInput : count];
    },
  },
  write: {
    arguments: 3,
    run: (context, [instance = 0, buffer = 0, length = 0]) => {
      if (!isConsole(context, instance) || !context.memory.contains(buffer, length)) return [noValue];
      for (let at = 0; at < length; at += writeChunk) {
        const chunk = Math.min(writeChunk, length - at);
        context.state.services.writeConsole(context.memory.readBytes(buffer + at, chunk));
      }
      return [length];
    },
  },
  seek: { arguments: 3, run: () => [noValue] },
  'call-method': {
    arguments: 2,
    run: (context, [name = 0, instance = 0, ...cells]) => {
      const method = context.memory.readString(name, maximumText);
      const run = methods[`${context.instances.path(instance)} ${method}`];
      const result = run?.(context, cells);
      // The first return cell is what `catch` gave: 0, or -1 for a method that is not there or failed.
      if (result === undefined) return [noValue];
      if ('effect' in result) return { returns: [0, ...result.returns], effect: result.effect };
      return [0, ...result];
    },
  },
};
