"""Calls about webhooks: other systems that are told of incidents."""

from __future__ import annotations

from service.api.route import Call
from service.office import hooking

CALLS: tuple[Call, ...] = (
    Call(
        "add_webhook", "POST", "/v1/webhooks", "Add a webhook", "webhooks",
        hooking.AddedWebhook, hooking.add_webhook, hooking.AddWebhook, 201,
        example={"url": "https://siem.example/hooks/watchword", "kinds": ["incident.opened"]},
    ),
    Call(
        "list_webhooks", "GET", "/v1/webhooks", "List webhooks", "webhooks",
        hooking.WebhooksAnswer, hooking.list_webhooks,
    ),
    Call(
        "remove_webhook", "DELETE", "/v1/webhooks/{webhook_id}", "Remove a webhook", "webhooks",
        hooking.RemovedWebhook, hooking.remove_webhook, keyed=True, problems=(404,),
    ),
    Call(
        "replay_webhook", "POST", "/v1/webhooks/{webhook_id}/replay", "Post letters again", "webhooks",
        hooking.ReplayedWebhook, hooking.replay_webhook, hooking.ReplayWebhook, 202, keyed=True, problems=(404,),
        example={"after": 0},
    ),
)  # fmt: skip
