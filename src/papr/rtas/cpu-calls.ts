// Starting and stopping vCPUs. (PAPR, "start-cpu", "stop-self", "query-cpu-stopped-state")
import { state as layout } from '../../cpu/state.ts';
import type { RtasHandlers } from '../hypercalls/types.ts';
import type { VpaTable } from '../hypercalls/vpa.ts';
import type { PlatformState } from '../platform-state.ts';
import { lpcrBit, msrBit, setLpcrBits, spr } from '../registers.ts';
import { resetLpcr } from '../reset-state.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** What query-cpu-stopped-state says. */
const cpuState = { stopped: 0, running: 2 } as const;

/** LPCR fields that belong to the partition: a vCPU that starts has them as its starter has. */
const inherited = lpcrBit.ILE | lpcrBit.AIL | lpcrBit.UPRT | lpcrBit.HR | lpcrBit.GTSE;

export function cpuCalls(state: PlatformState, vpas: VpaTable): RtasHandlers {
  const { services } = state;
  return counted({
    'query-cpu-stopped-state': {
      arguments: 1,
      results: 2,
      run: (call) => {
        const index = state.indexOfServer(BigInt(call.argument(0)));
        if (index === undefined) return rtasStatus.PARAMETER;
        call.setResult(1, services.vcpuState(index) === 'stopped' ? cpuState.stopped : cpuState.running);
        return rtasStatus.SUCCESS;
      },
    },
    'start-cpu': {
      arguments: 3,
      results: 1,
      run: (call) => {
        const index = state.indexOfServer(BigInt(call.argument(0)));
        const vcpu = index === undefined ? undefined : services.vcpus[index];
        if (index === undefined || vcpu === undefined) return rtasStatus.PARAMETER;
        if (services.vcpuState(index) !== 'stopped') return rtasStatus.HARDWARE;
        services.resetVcpu(index);
        vpas.forget(index);
        state.prodded[index] = false;
        state.joined[index] = false;
        vcpu.nip = BigInt(call.argument(1));
        vcpu.setGpr(3, BigInt(call.argument(2)));
        vcpu.msr = msrBit.SF | msrBit.ME;
        vcpu.setSpr(spr.LPCR, resetLpcr(state.environment));
        setLpcrBits(vcpu, inherited, call.vcpu.spr(spr.LPCR));
        vcpu.setSpr(spr.PCR, state.negotiated.level.pcr);
        const table = call.vcpu.view.getBigUint64(layout.processTable.offset, true);
        vcpu.view.setBigUint64(layout.processTable.offset, table, true);
        services.contextChanged(vcpu);
        services.startVcpu(index);
        return rtasStatus.SUCCESS;
      },
    },
    'stop-self': {
      arguments: 0,
      results: [0, 1],
      run: ({ vcpu }) => {
        vpas.forget(vcpu.index);
        return { status: rtasStatus.SUCCESS, effect: { kind: 'stop-self' } };
      },
    },
  });
}
