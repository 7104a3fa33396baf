export * from "./gen/proto/auth_pb.ts";
export * from "./gen/teleport/join/v1/joinservice_pb.ts";
export * from "./gen/teleport/machineid/v1/bot_instance_service_pb.ts";
export * from "./gen/teleport/presence/v1/presence_service_pb.ts";
export * from "./gen/teleport/transport/v1/transport_service_pb.ts";
export * from "./gen/teleport/trust/v1/trust_service_pb.ts";
export * from "./gen/teleport/workloadidentity/v1/issuance_service_pb.ts";
export * from "./gen/types/types_pb.ts";
