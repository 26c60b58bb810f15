"""The routes of accounts; `router` has them all."""

from fastapi import APIRouter

from famulus.features.accounts.endpoints import auth, invitations, keys, people, users

router = APIRouter(prefix="/api/v1")
router.include_router(auth.router)
router.include_router(users.router)
router.include_router(keys.router)
router.include_router(invitations.router)
router.include_router(people.router)
