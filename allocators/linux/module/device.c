// SPDX-License-Identifier: MIT
/* /dev/contigbench: who may open it, and which ioctl is what. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "contigbench.h"

DEFINE_MUTEX(cb_lock);

static unsigned long is_open;

static int cb_hello(struct contigbench_hello *h)
{
	unsigned long cma_start, cma_nr;

	*h = (struct contigbench_hello){
		.abi = CONTIGBENCH_ABI,
		.can = cb_trace_can(),
		.block_order = pageblock_order,
		.max_order = CB_MAX_ORDER,
		.nr_zones = cb_nr_zones(),
		.types = MIGRATE_TYPES,
		.pageblock_bits = NR_PAGEBLOCK_BITS,
		.max_pfn = cb_nr_pages,
	};
#ifdef CONFIG_SPARSEMEM
	h->section_order = PFN_SECTION_SHIFT;
#endif
	if (cb_can_isolate())
		h->can |= CONTIGBENCH_CAN_ISOLATE;
	if (IS_ENABLED(CONFIG_CMA))
		h->can |= CONTIGBENCH_CAN_CMA_TYPE;
	if (cma_of_cmdline(&cma_start, &cma_nr)) {
		h->can |= CONTIGBENCH_CAN_CMA_ALLOC;
		h->cma_start = cma_start;
		h->cma_nr = cma_nr;
	}
	if (cb_symbol(CB_drain_all_pages))
		h->can |= CONTIGBENCH_CAN_DRAIN;
	if (cb_symbol(CB_lru_add_drain_all))
		h->can |= CONTIGBENCH_CAN_LRU;
	if (HAVE_ISOLATE_BIT)
		h->can |= CONTIGBENCH_CAN_ISOLATE_BIT;
	if (num_online_cpus() > 1)
		h->can |= CONTIGBENCH_CAN_RACE;
	if (IS_ENABLED(CONFIG_MEMORY_HOTREMOVE))
		h->can |= CONTIGBENCH_CAN_OFFLINE;
	if (IS_ENABLED(CONFIG_HUGETLB_PAGE))
		h->can |= CONTIGBENCH_CAN_HUGETLB;
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		h->can |= CONTIGBENCH_CAN_THP;
	return 0;
}

static int cb_drain(void)
{
	if (!cb_symbol(CB_drain_all_pages))
		return -EOPNOTSUPP;
	CB_CALL(drain_all_pages)(NULL);
	return 0;
}

static int cb_lru(void)
{
	if (!cb_symbol(CB_lru_add_drain_all))
		return -EOPNOTSUPP;
	CB_CALL(lru_add_drain_all)();
	return 0;
}

union argument {
	struct contigbench_hello hello;
	struct contigbench_zone zone;
	struct contigbench_request request;
	struct contigbench_race race;
	struct contigbench_span span;
	struct contigbench_alloc alloc;
	struct contigbench_hog hog;
	struct contigbench_ref ref;
	struct contigbench_convert convert;
	struct contigbench_look look;
	struct contigbench_types types;
	struct contigbench_settype settype;
	struct contigbench_list list;
	struct contigbench_relist relist;
};

static int dispatch(unsigned int cmd, union argument *a)
{
	switch (cmd) {
	case CONTIGBENCH_HELLO:
		return cb_hello(&a->hello);
	case CONTIGBENCH_ZONE:
		return cb_zone_stats(&a->zone);
	case CONTIGBENCH_REQUEST:
		return cb_request(&a->request);
	case CONTIGBENCH_RACE:
		return cb_race(&a->race);
	case CONTIGBENCH_GIVE:
		return cb_give(&a->span);
	case CONTIGBENCH_CMA_FREE:
		return cb_cma_free(&a->span);
	case CONTIGBENCH_ALLOC:
		return cb_alloc(&a->alloc);
	case CONTIGBENCH_FREE:
		return cb_free(&a->alloc);
	case CONTIGBENCH_HOG:
		return cb_hog(&a->hog);
	case CONTIGBENCH_PIN:
		return cb_pin(&a->ref);
	case CONTIGBENCH_FREEZE:
		return cb_freeze(&a->ref);
	case CONTIGBENCH_CONVERT:
		return cb_convert(&a->convert);
	case CONTIGBENCH_LOOK:
		return cb_look(&a->look);
	case CONTIGBENCH_TYPES:
		return cb_types(&a->types);
	case CONTIGBENCH_SETTYPE:
		return cb_settype(&a->settype);
	case CONTIGBENCH_LIST:
		return cb_list(&a->list);
	case CONTIGBENCH_RELIST:
		return cb_relist(&a->relist);
	case CONTIGBENCH_DRAIN:
		return cb_drain();
	case CONTIGBENCH_LRU:
		return cb_lru();
	case CONTIGBENCH_RESET:
		return cb_reset();
	}
	return -ENOTTY;
}

static long cb_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union argument a = {};
	unsigned int size = _IOC_SIZE(cmd);
	int err;

	/* _IO* put the caller's direction into the number: what is not written back is left alone */
	if (size > sizeof(a))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE && copy_from_user(&a, (void __user *)arg, size))
		return -EFAULT;
	if (mutex_lock_interruptible(&cb_lock))
		return -EINTR;
	err = dispatch(cmd, &a);
	mutex_unlock(&cb_lock);
	if (!err && _IOC_DIR(cmd) & _IOC_READ && copy_to_user((void __user *)arg, &a, size))
		err = -EFAULT;
	return err;
}

static int cb_open(struct inode *inode, struct file *file)
{
	return test_and_set_bit(0, &is_open) ? -EBUSY : 0;
}

static int cb_release(struct inode *inode, struct file *file)
{
	mutex_lock(&cb_lock);
	cb_reset();
	mutex_unlock(&cb_lock);
	clear_bit(0, &is_open);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = cb_open,
	.release = cb_release,
	.unlocked_ioctl = cb_ioctl,
	.compat_ioctl = cb_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "contigbench",
	.fops = &operations,
	.mode = 0600,
};

static int __init cb_init(void)
{
	int err = cb_owned_init();

	if (err)
		return err;
	cb_symbols_init();
	cb_trace_init();
	err = cb_hotplug_init();
	if (err)
		goto no_hotplug;
	err = misc_register(&device);
	if (err)
		goto no_device;
	return 0;
no_device:
	cb_hotplug_exit();
no_hotplug:
	cb_trace_exit();
	cb_owned_exit();
	return err;
}

static void __exit cb_exit(void)
{
	misc_deregister(&device);
	cb_hotplug_exit();
	cb_trace_exit();
	cb_owned_exit();
}

module_init(cb_init);
module_exit(cb_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("contigbench: page isolation and contiguous allocation, asked of the kernel itself");
