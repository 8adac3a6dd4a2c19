// The promise: what a guest will see, whether a host can give exactly that, and where the guest can move. Pure, without I/O.
export {
  type CapabilityName,
  type CapabilityRow,
  capabilityRows,
  capabilityText,
  standardDefault,
} from './capabilities.ts';
export {
  type CpuClass,
  type CpuModel,
  cpuClass,
  cpuModels,
  findCpuModel,
  type Level,
  type LevelName,
  levelRank,
  levelRow,
  levels,
  pvrMatches,
} from './cpu-models.ts';
export { type Decision, decide, evaluate, withHostCpu } from './decide.ts';
export { capabilityTexts, environment } from './environment.ts';
export {
  type HostProfile,
  type KvmCapability,
  type KvmProfile,
  kvmCapabilities,
  securityLevels,
} from './host-profile.ts';
export {
  type FunctionSetRow,
  functionSetRows,
  type HypercallName,
  type HypercallRow,
  hypercallRows,
} from './hypercalls.ts';
export type { InterruptModes, InterruptOffer } from './interrupt-modes.ts';
export {
  findMachineType,
  type MachineTraits,
  type MachineType,
  machineTypes,
  newestMachineType,
} from './machine-types.ts';
export { checkMigration, type GuestState, type MigrationDecision, type MigrationEnd } from './migration.ts';
export { findProfile, namedProfiles } from './named-profiles.ts';
export { radixFeature } from './pa-features.ts';
export { checkProfile, type ProfileProblem } from './profile-check.ts';
export { type Controller, type Deviation, type HostConstraints, type Provision, provide } from './provide.ts';
export { type Code, codes, isRefusal, type Reason, type Refusal } from './reasons.ts';
export { type Change, changed, type OptionName, type OptionRow, optionRows, type Request } from './request.ts';
export { type RtasName, type RtasRow, rtasRows } from './rtas-calls.ts';
export { maximumCpus, type SmpShape, vcpuId } from './smp.ts';
export { type Hex, hex, nearest, parseSize } from './text.ts';
export type { CpuView, Environment, Facilities, LevelView, PlatformSupport, Provenance } from './types.ts';
