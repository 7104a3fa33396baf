process.argv[2] = "auth-k8s";
void import("../join.ts");
