-- The health of a LabelingRound for Argo CD.
local health = { status = "Progressing", message = "labelround has not looked at the round yet" }
local status = obj.status

if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end

local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end

local succeeded, stalled = conditions.Succeeded, conditions.Stalled
health.message = succeeded.message
if succeeded.status == "True" then
  health.status = "Healthy"
elseif succeeded.status == "False" or stalled.status == "True" then
  health.status = "Degraded"
elseif status.phase == "Suspended" then
  health.status = "Suspended"
end
return health
