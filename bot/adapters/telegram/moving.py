"""Moving: a group became a supergroup, and its jobs go on there."""

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.people import place_of
from bot.service.services import Services


async def moved(services: Services, job_id: str, address: Address, chat: int) -> Address:
    """Note that a job's chat goes on under another number, and return where its message is to come there.

    Messages keep no number across such a move, and a group before it has no topics. Raises StoreError.
    """
    await services.places.moved(place_of(address.chat), place_of(chat))
    new = Address(chat, is_sending=address.is_sending)
    await services.jobs.set_address(job_id, str(new))
    return new
